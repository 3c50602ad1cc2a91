// What both sides of the benchmark know.
export const issuer = 'https://as.example.com';
export const resource = 'https://api.example.com';
export const redirectUri = 'https://client.example.com/callback';
export const person = 'u-jane';
/** RFC 7636 Appendix B. */
export const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const codeChallenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
