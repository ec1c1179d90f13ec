import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_DAEMON_RUNNING: {
    when: 'A daemon was to be started where another runs: on its socket, or with its folder of state.',
    hint: 'Use the one that runs, stop it first, or give this one another socket and another folder.',
  },
  VIV_DAEMON_FOLDER: {
    when: 'A folder of the daemon is not its own: it belongs to another user, others may look into it, or it is a link.',
    hint: 'Name another folder, or make it yours alone with chown and chmod 700.',
  },
  VIV_DAEMON_LISTEN: {
    when: 'The daemon cannot listen where it was told to.',
    hint: 'The message says why; give it another socket or port.',
  },
  VIV_DAEMON_PCPUS: {
    when: 'A daemon was to have no pCPUs, or more than a host has.',
    hint: 'Give it 1 to 256; more than this computer has CPUs is of no use.',
  },
  VIV_DAEMON_TOKENS: {
    when: 'The file of tokens cannot be read, may be read by others, or is not what its schema says.',
    hint: 'It is JSON: {"tokens": [{"name": "…", "role": "viewer", "token": "…"}]}, with 32 characters or more, mode 0600.',
  },
  VIV_DAEMON_UNAUTHENTICATED: {
    when: 'A request over TCP came without a token, or with one that nobody has.',
    hint: 'Send the header `Authorization: Bearer TOKEN`.',
  },
  VIV_DAEMON_ORIGIN: {
    when: 'A request over TCP came by a name that is not the loopback, or from a web page of an origin that is not allowed.',
    hint: 'Ask for localhost, 127.0.0.1 or [::1]; let origins of pages in with --origin.',
  },
  VIV_DAEMON_REQUEST: {
    when: 'A request is no HTTP, or its body is no JSON object.',
    hint: 'The OpenAPI document at /v1/openapi.json describes all requests.',
  },
  VIV_DAEMON_METHOD: {
    when: 'A path was asked for with a method that it does not have.',
    hint: 'The header Allow lists its methods.',
  },
  VIV_DAEMON_UPGRADE: {
    when: 'A stream was asked for without a WebSocket, or a WebSocket for what is no stream.',
    hint: 'The OpenAPI document says which operations are streams.',
  },
  VIV_DAEMON_TIMEOUT: {
    when: 'A request did not come to its end in time.',
    hint: 'Send header and body without long pauses.',
  },
  VIV_DAEMON_BODY_LARGE: {
    when: 'The body of a request is larger than the daemon takes.',
    hint: 'No operation needs more than 1 MiB.',
  },
  VIV_DAEMON_BODY_TYPE: {
    when: 'The body of a request is no plain JSON in UTF-8.',
    hint: 'Send it as `Content-Type: application/json`, not compressed.',
  },
  VIV_DAEMON_BUSY: {
    when: 'More connections are open than the daemon takes at a time.',
    hint: 'Try again in a moment, and close connections that nobody needs.',
  },
  VIV_DAEMON_FRAME: {
    when: 'A message of a WebSocket is none that the stream takes.',
    hint: 'The first is the rest of the input as JSON text; then notes as JSON text, or a channel that takes input and bytes.',
  },
  VIV_DAEMON_FLOOD: {
    when: 'A caller sent more messages over a WebSocket than anybody needs to.',
    hint: 'Send bytes in larger pieces: a message may have 256 KiB.',
  },
});

export const errorTable = errors.table;
