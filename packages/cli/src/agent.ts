import type { CharPort } from '@vivarium/contracts';
import { GuestLines } from './guest-lines.ts';

/** What the guest's agent says on its control channel: text lines, one message a line. */
export type AgentMessage = { readonly kind: 'ready' } | { readonly kind: 'exit'; readonly code: number };

const parse = (line: string): AgentMessage | undefined => {
  if (line === 'ready') return { kind: 'ready' };
  const code = /^exit (\d{1,3})$/.exec(line)?.[1];
  return code === undefined ? undefined : { kind: 'exit', code: Number(code) & 0xff };
};

/** The host's end of the control channel. Lines that it does not know are skipped: the guest is not trusted. */
export class Agent {
  readonly #port: CharPort;
  readonly #removal: () => void;

  constructor(port: CharPort, heard: (message: AgentMessage) => void) {
    this.#port = port;
    const lines = new GuestLines();
    this.#removal = port.onOutput((bytes) => {
      for (const line of lines.push(bytes)) {
        const message = parse(line);
        if (message !== undefined) heard(message);
      }
    });
  }

  /** Tells the guest the size of the terminal. Dropped when the guest does not read: the next one counts. */
  resize(columns: number, rows: number): void {
    this.#port.send(new TextEncoder().encode(`resize ${columns} ${rows}\n`));
  }

  close(): void {
    this.#removal();
  }
}
