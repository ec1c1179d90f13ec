import type { GuestMemory } from '@vivarium/contracts';

/** Guest memory that a case can change or take away while a device looks at it. */
export interface HookedMemory {
  readonly memory: GuestMemory;
  /** Called before each view is handed out; undefined takes the hook away. */
  hook: ((address: number, length: number) => 'deny' | undefined) | undefined;
}

export const hookedMemory = (memory: GuestMemory): HookedMemory => {
  const guarded = <T>(address: number, length: number, act: () => T): T | undefined =>
    hooked.hook?.(address, length) === 'deny' ? undefined : act();
  const hooked: HookedMemory = {
    hook: undefined,
    memory: {
      get banks() {
        return memory.banks;
      },
      view: (address, length) => guarded(address, length, () => memory.view(address, length)),
      writableView: (address, length) => guarded(address, length, () => memory.writableView(address, length)),
      read: (address, length) => guarded(address, length, () => memory.read(address, length)),
      write: (address, bytes) => guarded(address, bytes.length, () => memory.write(address, bytes)) ?? false,
    },
  };
  return hooked;
};
