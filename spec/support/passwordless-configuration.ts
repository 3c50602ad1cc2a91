/** The address of the person with this name. */
export function addressOf(name: string): string {
  return `${name}@example.com`;
}

/** A configuration with the sign-in page, an application that knows nothing of codes, and one person per name. `ttl`: seconds a code lives. */
export function passwordlessConfiguration(publicUrl: string, names: readonly string[], ttl = 600) {
  const users = names.map((name) => ({ id: `id-of-${name}`, username: name, email: addressOf(name), name }));
  return {
    public_url: publicUrl,
    mail: 'outbox:',
    tenants: {
      acme: {
        pools: { staff: { otp_settings: { authentication: { ttl } }, users } },
        workspaces: {
          system: {
            clients: [
              {
                client_id: 'signin',
                client_secret: 'a secret of the machine client',
                grant_types: ['client_credentials'],
                scope: 'identity_self_registration',
              },
            ],
          },
          demo: {
            pool: 'staff',
            pkce: 'public-clients',
            scopes: {
              openid: {},
              profile: { description: 'Your name' },
              email: { description: 'Your e-mail address' },
              read: { description: 'Read your data' },
            },
            clients: [
              {
                client_id: 'page',
                client_name: 'The sign-in page',
                client_secret: 'a secret of the page',
                redirect_uris: [`${publicUrl}/sign-in/callback`],
                post_logout_redirect_uris: [`${publicUrl}/sign-in`],
                scope: 'openid profile email read',
              },
              {
                client_id: 'shop',
                client_name: 'The shop',
                client_secret: 'a secret of the shop',
                redirect_uris: [`${publicUrl}/callback`],
                scope: 'openid profile email read',
              },
            ],
          },
        },
      },
    },
  };
}
