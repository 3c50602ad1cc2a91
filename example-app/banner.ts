import { curl, quote } from './demo/curl.js';
import { demoGenerateCodeUrl, demoTenant, demoUser, demoWorkspace } from './demo/demo-configuration.js';
import type { DemoScripts } from './demo/scripts.js';
import type { DemoSecrets } from './demo/secrets.js';
import { addressOf, isSamePlace, type ListenerAddress } from './listener-address.js';
import { type ClientPki, pkcs12Password } from './pki/client-pki.js';
import { withoutCredentials } from './store-place.js';

/** What the banner tells. */
export interface BannerFacts {
  readonly publicUrl: string;
  /** The address in use. */
  readonly listening: ListenerAddress;
  readonly storeUrl: string;
  /** Where mail goes; undefined: nowhere. */
  readonly mail: string | undefined;
  readonly issuers: readonly string[];
  /** Paths of the pages this configuration has, beside those that are always there. */
  readonly morePages: readonly string[];
  /** Absolute path of the authority's certificate, when it is one of our own making. */
  readonly authorityPath: string | undefined;
  /** The name that asks for client certificates, where there is a second one. */
  readonly mtlsUrl?: string | undefined;
  /** Present for the demo configuration alone: nobody else's secrets are shown. */
  readonly demo?: DemoFacts;
}

/** What the command lines of the demo are made of. */
export interface DemoFacts {
  readonly secrets: DemoSecrets;
  readonly pki: ClientPki;
  readonly scripts: DemoScripts;
  /** Of demo-private-key-jwt: PKCS#8 PEM, and the absolute path of its file. */
  readonly assertionKey: { readonly pem: string; readonly path: string; readonly kid: string };
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What stands on stdout when the server is ready: the pages, and for the demo one command line per method. */
export function banner(facts: BannerFacts): string {
  const lines = [`Listening on ${facts.publicUrl}`, '', ...place(facts), '', ...pages(facts)];
  if (facts.demo) lines.push('', ...commands(facts, facts.demo));
  // Last, for what stands above has scrolled away.
  if (facts.morePages.includes('/playground')) lines.push('', `${facts.publicUrl}/playground`);
  return `${lines.join('\n')}\n`;
}

function place({ publicUrl, listening, storeUrl, mail }: BannerFacts): string[] {
  const address = addressOf(listening);
  return [
    ...(isSamePlace(publicUrl, listening) ? [] : ['Address in use', `  ${address}`, '']),
    'Store',
    `  ${withoutCredentials(storeUrl)}`,
    'Mail',
    `  ${mail === undefined ? 'none: login by mail is off' : withoutCredentials(mail)}`,
  ];
}

function pages({ publicUrl, issuers, morePages, authorityPath, mtlsUrl }: BannerFacts): string[] {
  return [
    'Pages',
    `  ${publicUrl}/`,
    `  ${publicUrl}/callback`,
    `  ${publicUrl}/api/hello`,
    ...morePages.map((path) => `  ${publicUrl}${path}`),
    '',
    'Issuers, and their metadata',
    ...issuers.flatMap((issuer) => [`  ${issuer}`, `    ${issuer}/.well-known/openid-configuration`]),
    ...(mtlsUrl === undefined ? [] : ['', 'The same for clients with certificates', `  ${mtlsUrl}`]),
    ...(authorityPath === undefined ? [] : ['', 'Authority of the server certificate', `  ${authorityPath}`]),
  ];
}

function commands({ publicUrl, authorityPath }: BannerFacts, { secrets, pki, scripts }: DemoFacts): string[] {
  const tokenUrl = `${publicUrl}/${demoTenant}/${demoWorkspace}/oauth2/token`;
  const grant_type = 'client_credentials';
  const withForm = (form: Readonly<Record<string, string>>) =>
    curl(tokenUrl, { authorityPath, form: { grant_type, ...form } });
  const withAssertion = (client: string) =>
    withForm({
      client_assertion_type: assertionType,
      client_assertion: `$(node ${quote(scripts.assertion)} ${client})`,
    });
  const withCertificate = (client_id: string, certificate: ClientPki['rsa']) =>
    curl(tokenUrl, { authorityPath, certificate, form: { grant_type, client_id } });
  const oracle = curl(`${publicUrl}/${demoTenant}/${demoWorkspace}/oauth2/v1/token`, {
    authorityPath,
    certificate: pki.rsa,
    form: { grant_type: 'tls_client_auth', client_id: 'demo-oracle', scope: 'read' },
  });
  const basic = curl(tokenUrl, {
    authorityPath,
    user: `demo-basic:${secrets['demo-basic']}`,
    form: { grant_type },
  });
  const wrong = curl(tokenUrl, { authorityPath, user: 'demo-basic:wrong', form: { grant_type } });
  const token = member(basic, 'access_token');
  const withToken = (headers: readonly string[], certificate?: ClientPki['rsa']) =>
    curl(`${publicUrl}/api/hello`, { authorityPath, headers, ...(certificate && { certificate }) });
  const bound = member(withCertificate('demo-tls', pki.rsa), 'access_token');
  const machine = curl(`${publicUrl}/${demoTenant}/system/oauth2/token`, {
    authorityPath,
    form: { grant_type, client_id: 'signin', client_secret: secrets.signin, scope: 'identity_self_registration' },
  });
  const generate = curl(demoGenerateCodeUrl(publicUrl), {
    authorityPath,
    headers: [`Authorization: Bearer ${member(machine, 'access_token')}`],
    json: { address: demoUser.email, type: 'authentication' },
  });
  const password = curl(tokenUrl, {
    authorityPath,
    form: {
      grant_type: 'password',
      client_id: 'demo-passwordless',
      client_secret: secrets['demo-passwordless'],
      username: demoUser.email,
      password: member(generate, 'extended_code'),
      scope: 'openid',
    },
  });
  const pushed = curl(`${publicUrl}/${demoTenant}/${demoWorkspace}/oauth2/par`, {
    authorityPath,
    form: {
      client_id: 'demo-post',
      client_secret: secrets['demo-post'],
      response_type: 'code',
      redirect_uri: `${publicUrl}/callback`,
      scope: 'openid read',
    },
  });
  const listed: readonly (readonly [title: string, command: string])[] = [
    ['client_secret_basic', basic],
    ['client_secret_post', withForm({ client_id: 'demo-post', client_secret: secrets['demo-post'] })],
    ['client_secret_jwt', withAssertion('demo-secret-jwt')],
    ['private_key_jwt', withAssertion('demo-private-key-jwt')],
    ['tls_client_auth', withCertificate('demo-tls', pki.rsa)],
    ['tls_client_auth, with an elliptic curve', withCertificate('demo-tls', pki.elliptic)],
    ['self_signed_tls_client_auth', withCertificate('demo-self-signed', pki.selfSigned)],
    ['tls_client_auth, the grant of Oracle', oracle],
    ['none, with an authorization code', `node ${quote(scripts.code)} | sh`],
    ['a one-time code', generate],
    ['password, with a one-time code', password],
    ['a pushed authorization request', pushed],
    ['the protected API, with a token', withToken([`Authorization: Bearer ${token}`])],
    ['the protected API, with a token bound to a certificate', withToken([`Authorization: Bearer ${bound}`], pki.rsa)],
    ['the protected API, with a token bound to a key (DPoP)', `node ${quote(scripts.dpop)} | sh`],
    ['a wrong secret, to see how a failure is explained', wrong],
  ];
  return [
    'Command lines, one per method. They work in any directory',
    ...listed.flatMap(([title, command]) => ['', title, `  ${command}`]),
    '',
    `The certificate of demo-tls for a browser, with the password ${pkcs12Password}`,
    `  ${pki.pkcs12}`,
  ];
}

/** What stands for a member of the JSON object a command prints. */
function member(command: string, name: string): string {
  return `$(${command} | node -p 'JSON.parse(fs.readFileSync(0, "utf8")).${name}')`;
}
