import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface MemoryControl {
  MemoryMapDescriptor?: unknown;
}

/**
 * Lets memories made from now on in this thread give pages back to the operating system, which is what overcommit needs:
 * turns on a part of WebAssembly that V8 has behind a flag. False where there is none: on other systems than Linux, and
 * in older versions of Node. The flag is the process's; each thread must ask for itself.
 */
export const enableMemoryControl = (): boolean => {
  const { WebAssembly: here } = globalThis as unknown as { readonly WebAssembly: MemoryControl };
  if (here.MemoryMapDescriptor !== undefined) return true;
  if (process.platform !== 'linux') return false;
  setFlagsFromString('--experimental-wasm-memory-control');
  // What a realm has is decided when it is made; this one was made before the flag.
  const { MemoryMapDescriptor } = runInNewContext('WebAssembly') as MemoryControl;
  if (MemoryMapDescriptor === undefined) return false;
  here.MemoryMapDescriptor = MemoryMapDescriptor;
  return true;
};
