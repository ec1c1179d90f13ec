import { describe, expect, it } from 'vitest';
import { AgentChannel } from '../src/worker/agent-channel.ts';
import { FakePort } from './char-port.ts';

const text = (port: FakePort): string => new TextDecoder().decode(Uint8Array.from(port.received));
const say = (port: FakePort, words: string): unknown => port.output(new TextEncoder().encode(words));

describe('the channel to the guest agent', () => {
  it('tells the size once the agent is ready, and each time it changes', () => {
    const port = new FakePort();
    const channel = new AgentChannel(port, 80, 24);
    channel.resize(100, 30);
    expect(text(port)).toBe('');
    say(port, 'rea');
    say(port, 'dy\r\n');
    expect(text(port)).toBe('resize 100 30\n');
    channel.resize(120, 40);
    expect(text(port)).toBe('resize 100 30\nresize 120 40\n');
  });

  it('waits for the agent again after a reset', () => {
    const port = new FakePort();
    const channel = new AgentChannel(port, 80, 24);
    say(port, 'ready\n');
    channel.reset();
    channel.resize(90, 20);
    expect(text(port)).toBe('resize 80 24\n');
    say(port, 'ready\n');
    expect(text(port)).toBe('resize 80 24\nresize 90 20\n');
  });

  it('is not impressed by what else a guest says', () => {
    const port = new FakePort();
    const channel = new AgentChannel(port, 80, 24);
    say(port, `${'x'.repeat(100_000)}ready\n`);
    say(port, 'exit 0\n\u0000\n');
    port.output(Uint8Array.of(0xff, 0xfe, 0x0a));
    expect(text(port)).toBe('');
    say(port, 'ready\n');
    expect(text(port)).toBe('resize 80 24\n');
    channel.close();
    expect(port.listeners).toBe(0);
  });
});
