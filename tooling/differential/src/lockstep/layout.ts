/** Where everything of a generated program lies. RAM is mapped to itself, and its code a second time for U-mode. */
export const PAGE = 4096;
export const RAM_BASE = 0x8000_0000;
export const RAM_PAGES = 64;
/** The same pages, for U-mode. */
export const USER_BASE = 0x4000_0000;

export const page = (number: number): number => RAM_BASE + number * PAGE;

/** Boot code and the handler of M-mode; the handler of S-mode; then the generated lines. */
export const BOOT_PAGE = 0;
export const HANDLER_PAGE = 1;
export const CODE_PAGE = 2;
export const CODE_PAGES = 6;

/** Pages of data, each with a permission of its own. */
export const DATA_PAGE = 16;
export const DATA = {
  global: 16,
  private: 17,
  readOnly: 18,
  unmapped: 19,
  user: 20,
  untouched: 21,
  executable: 22,
  /**
   * The last table of the first address space: programs change their own mappings. Far from the rest, for a change
   * without a fence may be seen at any time, and so not at the same time by both.
   */
  table: 31,
} as const;
/** Pages that pointers go to. */
export const DATA_PAGES = 7;

/** Root, middle, last table and the two of the alias, for each of two address spaces. */
export const TABLES_PAGE = 32;
export const TABLES_A_SPACE = 5;
/** What the private page is in the second address space. */
export const OTHER_PRIVATE_PAGE = 48;
