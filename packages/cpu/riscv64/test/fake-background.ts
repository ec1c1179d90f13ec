import type { BackgroundEvents, StartBackgroundThread } from '@vivarium/contracts';
import { openBackground } from '../src/background.ts';
import type { PostedRequests } from '../src/translate/translation-desk.ts';

/** a background thread on this thread, which answers when it is told to. Messages are copied, as on their way to a thread. */
export class FakeBackground {
  readonly messages: PostedRequests[] = [];
  #events: BackgroundEvents | undefined;
  answered = 0;
  ended = false;

  readonly start: StartBackgroundThread = (_module, events) => {
    this.#events = events;
    return {
      post: (message) => {
        this.messages.push(structuredClone(message) as PostedRequests);
      },
      end: () => {
        this.ended = true;
      },
    };
  };

  /** What waits for an answer. */
  get requests(): readonly unknown[] {
    return this.messages.flatMap(({ requests }) => requests);
  }

  /** What became hot is posted in a turn of the event loop. */
  async turn(): Promise<void> {
    await Promise.resolve();
  }

  /** Answers so many of those that wait, the oldest first. */
  async answer(most = Number.POSITIVE_INFINITY): Promise<void> {
    await this.turn();
    const work = openBackground((answer) => this.#events?.answer(answer));
    for (const message of this.messages.splice(0, most)) {
      this.answered += message.requests.length;
      work(message);
    }
  }

  die(): void {
    this.#events?.died(new Error('it died'));
  }
}
