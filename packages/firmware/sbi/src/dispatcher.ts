import type { EnvironmentCallOutcome, Vcpu } from '@vivarium/contracts';
import { failure, type SbiCall, type SbiExtension, type SbiReturn } from './call.ts';
import { BaseExtension } from './extensions/base.ts';
import { SBI_ERR_NOT_SUPPORTED } from './sbi.ts';

const read = (hart: Vcpu, name: string): bigint => hart.readRegister(name) ?? 0n;

/** Takes the supervisor's calls to their extensions and the answers back (SBI specification, chapter 3). */
export class Dispatcher {
  readonly #extensions: ReadonlyMap<bigint, SbiExtension>;

  constructor(extensions: readonly SbiExtension[]) {
    const base = new BaseExtension((id) => this.#extensions.has(id));
    this.#extensions = new Map([base, ...extensions].map((extension) => [BigInt(extension.id), extension]));
  }

  reset(): void {
    for (const extension of this.#extensions.values()) {
      extension.reset?.();
    }
  }

  handle(hart: Vcpu): EnvironmentCallOutcome {
    const call: SbiCall = {
      hart,
      functionId: read(hart, 'a6'),
      args: [
        read(hart, 'a0'),
        read(hart, 'a1'),
        read(hart, 'a2'),
        read(hart, 'a3'),
        read(hart, 'a4'),
        read(hart, 'a5'),
      ],
    };
    const extension = this.#extensions.get(read(hart, 'a7'));
    this.#answer(hart, extension === undefined ? failure(SBI_ERR_NOT_SUPPORTED) : extension.call(call));
    return 'handled';
  }

  #answer(hart: Vcpu, answer: SbiReturn): void {
    switch (answer.kind) {
      case 'pair':
        hart.writeRegister('a0', BigInt(answer.error));
        hart.writeRegister('a1', answer.value);
        return;
      case 'legacy':
        hart.writeRegister('a0', answer.value);
        return;
      case 'none':
        return;
    }
  }
}
