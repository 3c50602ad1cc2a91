import type { RequestListener } from 'node:http';
import { FailureExplanations, openStore, protectedResourceMetadata, protectResource, type Store } from '../index.js';
import { openOperations } from './admin/operations.js';
import { issuerOf, makeAuthorizationServer } from './authorization-server.js';
import { banner } from './banner.js';
import { onlyBehind } from './behind-proxy.js';
import { type Configuration, readConfiguration } from './configuration/configuration.js';
import { findDoubts } from './configuration/doubts.js';
import { DataDirectory } from './data-directory.js';
import { type Demo, demoTryUrl, makeDemo } from './demo/demo.js';
import { demoMail, demoUser } from './demo/demo-configuration.js';
import type { Settings } from './flags.js';
import { httpsOnly } from './https-only.js';
import { Listener } from './listener.js';
import { type Log, makeLog, withListeners } from './log.js';
import { isLoopbackHost } from './loopback.js';
import { Delivery } from './mail/delivery.js';
import { chooseMail, openMail } from './mail/open.js';
import { Outbox } from './mail/outbox.js';
import { makeApp } from './pages/app.js';
import { hello } from './pages/hello.js';
import { keepServerPki, type ServerPki } from './pki/server-pki.js';
import { hasPlayground, PlaygroundSetup } from './playground/setup.js';
import type { RunningServer } from './run.js';
import { keepSecretKeys } from './secret-keys.js';
import type { DemoHints } from './sign-in-app/pages.js';
import { makeSignIn } from './sign-in-setup.js';
import { reasonOf, StartUpError } from './start-up-error.js';
import { storeName } from './store-place.js';
import { traceWhereSetUp } from './tracing.js';

/** What is known before anything listens. */
export interface Preparation {
  readonly settings: Settings;
  /** The configuration file; without one the demo runs. */
  readonly file: Configuration | undefined;
  /** Where to listen. */
  readonly host: string;
  /** Where mail goes; undefined: nowhere. */
  readonly mail: string | undefined;
  readonly mailDoubt: string | undefined;
  /** Absent when the file leaves nothing to be made. */
  readonly directory: DataDirectory | undefined;
  readonly pki: ServerPki | undefined;
  readonly demo: Demo | undefined;
}

/**
 * Starts the app: files, listener, protocol, pages. `tellsDoubts`: whether the log gets what an operator should know from
 * the start on. Rejects with StartUpError.
 */
export async function start(settings: Settings, tellsDoubts = true): Promise<RunningServer> {
  await traceWhereSetUp();
  const prepared = await prepare(settings);
  const listeners = await listen(prepared);
  try {
    return await serve(listeners, prepared, tellsDoubts);
  } catch (thrown) {
    await drain(listeners);
    throw thrown;
  }
}

/** The first name, and the one of `mtls`. */
type Listeners = readonly [Listener, ...Listener[]];

async function listen({ settings, file, host, pki }: Preparation): Promise<Listeners> {
  const tls = file?.tls ?? (file?.tls === false ? false : made(pki));
  const port = settings.port ?? file?.port ?? 8443;
  const clientCertificates = file?.clientCertificates ?? true;
  const first = await Listener.open({ host, port, tls, clientCertificates, name: 'listen' });
  if (!file?.mtls) return [first];
  try {
    const { port: second } = file.mtls.listen;
    return [first, await Listener.open({ host, port: second, tls, clientCertificates: true, name: 'mtls.listen' })];
  } catch (thrown) {
    await first.drain();
    throw thrown;
  }
}

async function drain(listeners: Listeners): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.drain()));
}

/** Reads or makes what the settings name. `openDirectory` opens the data directory, if it is needed. */
export async function prepare(settings: Settings, openDirectory = DataDirectory.open): Promise<Preparation> {
  const file = settings.config === undefined ? undefined : readConfiguration(settings.config);
  const publicUrl = settings.publicUrl ?? file?.publicUrl;
  const host = settings.host ?? file?.host ?? '127.0.0.1';
  const publicUrls = [publicUrl, file?.mtls?.public_url].filter((url) => url !== undefined);
  const production = isProduction();
  const written = settings.mail ?? (file ? file.mail : demoMail);
  const { mail, doubt: mailDoubt } = chooseMail(written, { host, publicUrls, production });
  const store = settings.store ?? file?.store;
  const complete = file && file.tls !== undefined && file.secretKeys && store !== undefined;
  const given = { settings, file, host, mail, mailDoubt };
  if (complete) return { ...given, directory: undefined, pki: undefined, demo: undefined };
  const directory = await openDirectory(settings.dataDirectory);
  const names = publicUrls.map(hostOf);
  // Newcomers see at once why a request failed; where others reach the demo they do not.
  const explainInReply = !production && [host, ...names].every(isLoopbackHost);
  const pki = file?.tls === undefined ? await keepServerPki(directory, names) : undefined;
  return { ...given, directory, pki, demo: file ? undefined : await makeDemo(directory, made(pki), explainInReply) };
}

function isProduction(): boolean {
  return process.env.NODE_ENV === 'production';
}

/** A name or an address, without the brackets of IPv6. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

interface State {
  readonly configuration: Configuration;
  readonly secretKeys: readonly string[];
  readonly store: Store;
  readonly storeUrl: string;
}

/** What outlives a process, whoever opens it: `check` may refuse the store. Rejects with StartUpError. */
export async function openState(
  { settings, file, directory, demo }: Preparation,
  publicUrl: string,
  check: (storeUrl: string) => void = () => undefined,
): Promise<State> {
  const configuration = file ?? made(demo).configuration(publicUrl);
  const storeUrl = settings.store ?? configuration.store ?? `lmdb:${made(directory).file(storeName(settings.config))}`;
  check(storeUrl);
  const secretKeys = configuration.secretKeys ?? (await keepSecretKeys(made(directory)));
  return { configuration, secretKeys, store: await open(storeUrl), storeUrl };
}

async function serve(listeners: Listeners, prepared: Preparation, tellsDoubts: boolean): Promise<RunningServer> {
  const [listener] = listeners;
  const { settings, file, pki, demo } = prepared;
  const publicUrl = settings.publicUrl ?? file?.publicUrl ?? new URL(`https://localhost:${listener.port}`).origin;
  const { configuration, secretKeys, store, storeUrl } = await openState(prepared, publicUrl);
  const operations = await openOperations(configuration.adminTokens, new FailureExplanations({ store }));
  const place = { demo: demo !== undefined, host: prepared.host, publicUrl, production: isProduction() };
  const setup = hasPlayground(place) ? new PlaygroundSetup(store) : undefined;
  const log = withListeners(makeLog(), [...operations.listeners, ...(setup ? [setup.listen] : [])]);
  let tells = tellsDoubts;
  const event: Log['event'] = (told) => {
    if (tells || told.event !== 'warning') log.event(told);
  };
  const { pathname, hostname } = new URL(publicUrl);
  const mailParts = { store, secretKeys, senderHost: hostname };
  const mailer = prepared.mail === undefined ? undefined : await openMail(prepared.mail, mailParts);
  const delivery = mailer && new Delivery(mailer, (thrown) => log.error({ event: 'mail' }, thrown));
  try {
    const router = makeAuthorizationServer(configuration, {
      publicUrl,
      store,
      secretKeys,
      delivery,
      log: { ...log, event },
    });
    await getReady(router);
    operations.watchKeys(router);
    tells = true;
    if (tellsDoubts) warn(configuration, prepared, log);
    const issuers = configuration.workspaces.map((workspace) => ({
      workspace,
      issuer: issuerOf(publicUrl, workspace),
    }));
    const authority = pki?.authority.certificate;
    const outbox = mailer instanceof Outbox ? mailer : undefined;
    const resource = `${publicUrl}/api/hello`;
    const base = pathname === '/' ? '' : pathname;
    const hints = demo && demoHints(outbox, base);
    const signIn = makeSignIn(configuration, {
      publicUrl,
      authority,
      store,
      secretKeys,
      delivery,
      demo: hints,
      log,
    });
    const admin = operations.pages(base);
    const demoFacts = demo && (await demo.facts(publicUrl, listener.port));
    const playground = setup?.pages({
      publicUrl,
      workspaces: issuers,
      demo: made(demoFacts),
      authorityPath: made(pki).authorityPath,
      listener: { host: prepared.host, port: listener.port, authority: made(authority) },
    });
    const app = makeApp({
      base,
      host: hostname,
      workspaces: issuers,
      tryUrl: demo && demoTryUrl(publicUrl),
      demoPerson: hints?.person,
      outbox,
      signIn,
      playground,
      resourceMetadata: protectedResourceMetadata({ resource, authorizationServer: router }),
      admin,
      guard: protectResource({ authorizationServer: router, resource }),
      hello,
      ready: () => store.ping(),
      log,
    });
    const handle = httpsOnly(hostname, (request, response) => {
      operations.time(response);
      router(request, response, () => app(request, response));
    });
    for (const each of listeners) each.serve(guarded(handle, configuration));
    return {
      banner: banner({
        publicUrl,
        listening: { plain: file?.tls === false, host: prepared.host, port: listener.port },
        storeUrl,
        mail: prepared.mail,
        issuers: issuers.map(({ issuer }) => issuer),
        morePages: [
          ...(playground ? ['/playground'] : []),
          ...(signIn ? ['/sign-in'] : []),
          ...(outbox ? ['/outbox'] : []),
          ...(admin ? ['/admin/explain', '/metrics'] : []),
        ],
        authorityPath: pki?.authorityPath,
        mtlsUrl: configuration.mtls?.public_url,
        ...(demoFacts && { demo: demoFacts }),
      }),
      stop: async () => {
        await drain(listeners);
        delivery?.close();
        await router.close();
      },
    };
  } catch (thrown) {
    delivery?.close();
    await store.close();
    throw thrown;
  }
}

function demoHints(outbox: Outbox | undefined, base: string): DemoHints {
  return { person: demoUser.email, ...(outbox && { outbox: `${base}/outbox` }) };
}

/** Plain HTTP is for the proxies alone. */
function guarded(handle: RequestListener, { tls, trustedProxies }: Configuration): RequestListener {
  return tls === false
    ? onlyBehind(
        trustedProxies.map(({ cidr }) => cidr),
        handle,
      )
    : handle;
}

/** What an operator should know from the start on. */
function warn(configuration: Configuration, { mail, mailDoubt }: Preparation, log: Log): void {
  for (const { name, ...fields } of findDoubts(configuration)) log.warning(name, fields);
  if (configuration.file !== undefined && configuration.explainInReply) {
    const effect = 'The reply to a failed request tells whoever sent it which check failed.';
    log.warning('explain_in_reply_on', { detail: { effect, fix: 'Leave it out where others reach the server.' } });
  }
  const fix = 'Set mail to smtp://user:pass@host:port, such as by --mail.';
  if (mail === undefined && configuration.pools.length > 0) {
    const effect = ['Login by mail is off.', mailDoubt].filter((words) => words !== undefined).join(' ');
    log.warning('mail_not_set_up', { detail: { effect, fix } });
  }
  if (mail !== undefined && mailDoubt !== undefined)
    log.warning('outbox_within_reach', { detail: { effect: mailDoubt, fix } });
}

async function open(url: string): Promise<Store> {
  try {
    return await openStore(url);
  } catch (cause) {
    throw new StartUpError(`store: ${reasonOf(cause)}`, { cause });
  }
}

async function getReady(router: { ready(): Promise<void> }): Promise<void> {
  try {
    await router.ready();
  } catch (cause) {
    throw new StartUpError(`The store cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

/** For what `prepare` has made whenever it is asked for. */
function made<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('The preparation is incomplete');
  return value;
}
