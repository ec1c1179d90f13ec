import {
  BOOT_PAGE,
  CODE_PAGE,
  CODE_PAGES,
  DATA,
  HANDLER_PAGE,
  OTHER_PRIVATE_PAGE,
  PAGE,
  page,
  TABLES_A_SPACE,
  TABLES_PAGE,
} from './layout.ts';

const [V, R, W, X, U, G, A, D] = [1, 2, 4, 8, 16, 32, 64, 128] as const;
const SUPERVISOR_CODE = V | R | W | X | G | A | D;
const SV39 = 8n << 60n;

/** satp of an address space, 0 or 1. */
export const satpOf = (space: number): bigint =>
  SV39 | (BigInt(space + 1) << 44n) | BigInt(page(TABLES_PAGE + space * TABLES_A_SPACE) / PAGE);

const entry = (physical: number, bits: number): bigint => (BigInt(physical / PAGE) << 10n) | BigInt(bits);

/** Writes both address spaces; `write` takes a guest-physical address. */
export const writeTables = (write: (address: number, bytes: Uint8Array) => void): void => {
  for (const space of [0, 1]) {
    const first = TABLES_PAGE + space * TABLES_A_SPACE;
    const [root, middle, last, userMiddle, userLast] = [0, 1, 2, 3, 4].map((number) => page(first + number));
    const put = (table: number, entries: readonly (readonly [number, bigint])[]): void => {
      const words = new BigUint64Array(512);
      for (const [index, value] of entries) words[index] = value;
      write(table, new Uint8Array(words.buffer));
    };
    put(root, [
      [1, entry(userMiddle, V)],
      [2, entry(middle, V)],
    ]);
    put(middle, [[0, entry(last, V)]]);
    put(userMiddle, [[0, entry(userLast, V)]]);
    const code = Array.from({ length: CODE_PAGES }, (_, number) => CODE_PAGE + number);
    put(
      userLast,
      code.map((number) => [number, entry(page(number), V | R | X | U | A | D | (number % 2 === 0 ? W : 0))]),
    );
    put(last, [
      ...[BOOT_PAGE, HANDLER_PAGE, ...code].map((number) => [number, entry(page(number), SUPERVISOR_CODE)] as const),
      [DATA.global, entry(page(DATA.global), V | R | W | G | A | D)],
      [DATA.private, entry(page(space === 0 ? DATA.private : OTHER_PRIVATE_PAGE), V | R | W | A | D)],
      [DATA.readOnly, entry(page(DATA.readOnly), V | R | G | A | D)],
      [DATA.user, entry(page(DATA.user), V | R | W | U | A | D)],
      [DATA.untouched, entry(page(DATA.untouched), V | R | W)],
      [DATA.executable, entry(page(DATA.executable), V | X | A | D)],
      [DATA.table, entry(page(TABLES_PAGE + 2), V | R | W | A | D)],
    ]);
  }
};
