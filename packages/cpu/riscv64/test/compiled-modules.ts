/** Sizes of the WebAssembly modules that were compiled since. */
export interface CompiledModules extends Disposable {
  readonly sizes: readonly number[];
}

/** Watches `new WebAssembly.Module` until it is disposed of. */
export const compiledModules = (): CompiledModules => {
  const { Module } = WebAssembly;
  const sizes: number[] = [];
  WebAssembly.Module = new Proxy(Module, {
    construct: (target, [bytes]: [Uint8Array<ArrayBuffer>]) => {
      sizes.push(bytes.byteLength);
      return new target(bytes);
    },
  });
  return {
    sizes,
    [Symbol.dispose]: () => {
      WebAssembly.Module = Module;
    },
  };
};
