import { describe, expect, it } from 'vitest';
import { isOfThisHost, uplinkMode } from '../src/server/uplink-server.ts';

type Request = Parameters<typeof isOfThisHost>[0];

describe('who may use the uplink', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:5173', true],
    ['::ffff:127.0.0.1', 'localhost:5173', true],
    ['::1', '[::1]:5173', true],
    ['127.0.0.1', 'LOCALHOST', true],
    // A name of somebody else that leads here, and a server in front of this one.
    ['127.0.0.1', 'evil.test:5173', false],
    ['127.0.0.1', 'localhost.evil.test', false],
    ['127.0.0.1', undefined, false],
    ['192.0.2.7', 'localhost:5173', false],
    ['::ffff:192.0.2.7', '127.0.0.1:5173', false],
    [undefined, 'localhost', false],
  ])('a browser at %s that asks for %s: %s', (remoteAddress, host, answer) => {
    expect(isOfThisHost({ socket: { remoteAddress }, headers: { host } } as Request)).toBe(answer);
  });

  it('is nobody unless the server is told otherwise', () => {
    expect([uplinkMode(), uplinkMode('public'), uplinkMode('open')]).toEqual(['off', 'public', 'open']);
    expect(() => uplinkMode('yes')).toThrow(expect.objectContaining({ code: 'VIV_SHELL_UPLINK' }) as Error);
  });
});
