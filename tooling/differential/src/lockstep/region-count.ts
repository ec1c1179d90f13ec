/** Counts the WebAssembly modules that are compiled: after the interpreters, each is a region. */
export interface ModuleCount extends Disposable {
  readonly count: number;
}

/** Watches `new WebAssembly.Module` until it is disposed of. */
export const disposableModules = (): ModuleCount => {
  const { Module } = WebAssembly;
  let count = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct: (target, [bytes]: [Uint8Array<ArrayBuffer>]) => {
      count += 1;
      return new target(bytes);
    },
  });
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => {
      WebAssembly.Module = Module;
    },
  };
};
