import type { ServerResponse } from 'node:http';

/** Answers with a value that may be another one at any time. */
export const sendJson = (response: ServerResponse, value: unknown): void => {
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(value));
};
