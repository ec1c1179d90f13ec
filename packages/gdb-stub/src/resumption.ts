import type { DebugResumption } from '@vivarium/contracts';
import { parseThreadId } from './thread-id.ts';

type Action = 'run' | 'step' | 'stay';

/** Signals that come with C and S mean nothing to a machine. */
const actionOf = (text: string): Action | undefined => {
  if (/^(?:c|C[0-9a-fA-F]{2})$/.test(text)) return 'run';
  if (/^(?:s|S[0-9a-fA-F]{2})$/.test(text)) return 'step';
  return text === 't' ? 'stay' : undefined;
};

/**
 * What `vCont` asks for, as far as it follows the name: `;action[:thread]` and so on. For each vCPU the first action
 * that names it counts, and one without a thread names all; what is named by none stands still (GDB manual, "Packets").
 */
export const parseContinuation = (text: string, count: number): DebugResumption | undefined => {
  const actions = new Map<number, Action>();
  const everyone = Array.from({ length: count }, (_, vcpu) => vcpu);
  const parts = text.split(';');
  if (parts.shift() !== '' || parts.length === 0 || parts.length > 2 * count + 2) return undefined;
  for (const part of parts) {
    const [verb = '', thread, ...rest] = part.split(':');
    const action = actionOf(verb);
    const named = thread === undefined ? ({ kind: 'all' } as const) : parseThreadId(thread, count);
    if (action === undefined || named === undefined || rest.length > 0) return undefined;
    for (const vcpu of named.kind === 'one' ? [named.vcpu] : everyone) {
      if (!actions.has(vcpu)) actions.set(vcpu, action);
    }
  }
  return {
    step: everyone.filter((vcpu) => actions.get(vcpu) === 'step'),
    run: everyone.filter((vcpu) => actions.get(vcpu) === 'run'),
  };
};
