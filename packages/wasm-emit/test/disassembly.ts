import loadWabt from 'wabt';

const loaded = loadWabt();
const FEATURES = { threads: true, sat_float_to_int: true, sign_extension: true, bulk_memory: true };

/** The module in text as WABT reads it: one instruction or field a line, without indentation. */
export const disassemble = async (bytes: Uint8Array): Promise<readonly string[]> => {
  const { readWasm } = await loaded;
  const module = readWasm(bytes, FEATURES);
  try {
    const text = module.toText({ foldExprs: false, inlineExport: false });
    return text.split('\n').map((line) => line.trim().replace(/\)+$/, (ends) => (line.includes('(') ? ends : '')));
  } finally {
    module.destroy();
  }
};
