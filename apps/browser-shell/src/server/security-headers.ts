import type { Connect, Plugin } from 'vite';

/**
 * What the page may do: run scripts of its own origin, compile WebAssembly (which the CPU core generates), and talk to
 * nobody else. Styles may be inline because xterm.js writes its own; nothing on the page makes markup of guest output.
 * See https://www.w3.org/TR/CSP3/.
 */
const CONTENT_SECURITY_POLICY = Object.entries({
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'connect-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
})
  .map(([directive, sources]) => `${directive} ${sources}`)
  .join('; ');

/** Sent with every response; a server of one's own for the built page must send them, too. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  // Both together make the page cross-origin isolated, which shared memory needs.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const addHeaders: Connect.NextHandleFunction = (_request, response, next) => {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  next();
};

/** Vite plugin: the development server and the preview server send {@link SECURITY_HEADERS}. */
export const securityHeaders = (): Plugin => ({
  name: 'vivarium-security-headers',
  configureServer: ({ middlewares }) => {
    middlewares.use(addHeaders);
  },
  configurePreviewServer: ({ middlewares }) => {
    middlewares.use(addHeaders);
  },
});
