import type { RequestListener } from 'node:http';
import { openStore, protectResource, type Store } from '../index.js';
import { issuerOf, makeAuthorizationServer } from './authorization-server.js';
import { banner } from './banner.js';
import { onlyBehind } from './behind-proxy.js';
import { type Configuration, readConfiguration } from './configuration/configuration.js';
import { DataDirectory } from './data-directory.js';
import { type Demo, demoTryUrl, makeDemo } from './demo/demo.js';
import type { Settings } from './flags.js';
import { Listener } from './listener.js';
import { makeLog } from './log.js';
import { Delivery } from './mail/delivery.js';
import { openMail } from './mail/open.js';
import { Outbox } from './mail/outbox.js';
import { makeApp } from './pages/app.js';
import { hello } from './pages/hello.js';
import { keepServerPki, type ServerPki } from './pki/server-pki.js';
import { keepSecretKeys } from './secret-keys.js';
import { makeSignIn } from './sign-in-setup.js';
import { reasonOf, StartUpError } from './start-up-error.js';

/** A server that runs. */
export interface RunningServer {
  /** For stdout. */
  readonly banner: string;
  /** Answers the requests in hand, ten seconds at most, and lets go of everything. */
  stop(): Promise<void>;
}

/** What is known before anything listens. */
interface Preparation {
  readonly settings: Settings;
  /** The configuration file; without one the demo runs. */
  readonly file: Configuration | undefined;
  /** Absent when the file leaves nothing to be made. */
  readonly directory: DataDirectory | undefined;
  readonly pki: ServerPki | undefined;
  readonly demo: Demo | undefined;
}

/** Starts the app: files, listener, protocol, pages. Rejects with StartUpError. */
export async function start(settings: Settings): Promise<RunningServer> {
  const prepared = await prepare(settings);
  const { file, pki } = prepared;
  const listener = await Listener.open({
    host: settings.host ?? file?.host ?? '127.0.0.1',
    port: settings.port ?? file?.port ?? 8443,
    tls: file?.tls ?? (file?.tls === false ? false : made(pki)),
  });
  try {
    return await serve(listener, prepared);
  } catch (thrown) {
    await listener.drain();
    throw thrown;
  }
}

async function prepare(settings: Settings): Promise<Preparation> {
  const file = settings.config === undefined ? undefined : readConfiguration(settings.config);
  const store = settings.store ?? file?.store;
  const complete = file && file.tls !== undefined && file.secretKeys && store !== undefined;
  if (complete) return { settings, file, directory: undefined, pki: undefined, demo: undefined };
  const directory = await DataDirectory.open(settings.dataDirectory);
  const publicUrl = settings.publicUrl ?? file?.publicUrl;
  const host = publicUrl === undefined ? undefined : new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const pki = file?.tls === undefined ? await keepServerPki(directory, host) : undefined;
  return { settings, file, directory, pki, demo: file ? undefined : await makeDemo(directory, made(pki)) };
}

async function serve(listener: Listener, prepared: Preparation): Promise<RunningServer> {
  const { settings, file, directory, pki, demo } = prepared;
  const publicUrl = settings.publicUrl ?? file?.publicUrl ?? new URL(`https://localhost:${listener.port}`).origin;
  const configuration = file ?? made(demo).configuration(publicUrl);
  const secretKeys = configuration.secretKeys ?? (await keepSecretKeys(made(directory)));
  const store = await open(settings.store ?? configuration.store ?? `lmdb:${made(directory).file('store')}`);
  const log = makeLog();
  const { pathname, hostname } = new URL(publicUrl);
  const mailParts = { store, secretKeys, senderHost: hostname };
  const mailer = await openMail(settings.mail ?? configuration.mail, mailParts);
  const delivery = mailer && new Delivery(mailer, (thrown) => log.error({ event: 'mail' }, thrown));
  if (!delivery) log.error({ event: 'mail' }, new Error('There is no outbox in production: set mail to smtp://...'));
  try {
    const router = makeAuthorizationServer(configuration, { publicUrl, store, secretKeys, delivery, log });
    await getReady(router);
    const issuers = configuration.workspaces.map((workspace) => ({
      workspace,
      issuer: issuerOf(publicUrl, workspace),
    }));
    const authority = pki?.authority.certificate;
    const outbox = mailer instanceof Outbox ? mailer : undefined;
    const signIn = delivery && makeSignIn(configuration, { publicUrl, authority, store, secretKeys, delivery, log });
    const app = makeApp({
      base: pathname === '/' ? '' : pathname,
      local: hostname === 'localhost' || hostname.endsWith('.localhost'),
      workspaces: issuers,
      tryUrl: demo && demoTryUrl(publicUrl),
      outbox,
      signIn,
      guard: protectResource({ authorizationServer: router }),
      hello,
      ready: () => store.ping(),
      log,
    });
    const demoFacts = demo && (await demo.facts(publicUrl, listener.port));
    const handle: RequestListener = (request, response) => router(request, response, () => app(request, response));
    const proxies = configuration.trustedProxies.map(({ cidr }) => cidr);
    listener.serve(file?.tls === false ? onlyBehind(proxies, handle) : handle);
    return {
      banner: banner({
        publicUrl,
        issuers: issuers.map(({ issuer }) => issuer),
        morePages: [...(signIn ? ['/sign-in'] : []), ...(outbox ? ['/outbox'] : [])],
        authorityPath: pki?.authorityPath,
        ...(demoFacts && { demo: demoFacts }),
      }),
      stop: async () => {
        await listener.drain();
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
