/** Little-endian fields, one after the other: `[bytes, value]`, or bytes as they are. */
export type Field = readonly [width: 1 | 2 | 4 | 8, value: number | bigint] | Uint8Array;

export const pack = (fields: readonly Field[]): Uint8Array => {
  const bytes = new Uint8Array(
    fields.reduce((sum, field) => sum + (field instanceof Uint8Array ? field.length : field[0]), 0),
  );
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    if (field instanceof Uint8Array) {
      bytes.set(field, at);
      at += field.length;
      continue;
    }
    const [width, value] = field;
    if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else if (width === 4) view.setUint32(at, Number(value), true);
    else if (width === 2) view.setUint16(at, Number(value), true);
    else view.setUint8(at, Number(value));
    at += width;
  }
  return bytes;
};
