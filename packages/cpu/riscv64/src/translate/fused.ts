import { ModuleBuilder, type WasmType } from '@vivarium/wasm-emit';

/**
 * Whether the engine's `f64x2.relaxed_madd` rounds once. It may round twice, but then always does (WebAssembly 3.0,
 * relaxed vector instructions): one product whose error the sum uncovers tells.
 */
export const hasFusedMultiplyAdd = (): boolean => {
  const module = new ModuleBuilder();
  const parameters: readonly WasmType[] = ['f64', 'f64', 'f64'];
  const { index, body: f } = module.function(parameters, ['f64']);
  for (const parameter of parameters.keys()) f.get(parameter).vector('f64x2.splat');
  f.vector('f64x2.relaxed_madd').vector('f64x2.extract_lane', 0);
  module.exportFunction('madd', index);
  const bytes = module.encode();
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const madd = exports['madd'] as (a: number, b: number, c: number) => number;
  return madd(1 + 2 ** -30, 1 - 2 ** -30, -1) === -(2 ** -60);
};
