/** In every platform, but not in the language's own library. */
declare const setInterval: (act: () => void, milliseconds: number) => number | { unref(): void };
declare const clearInterval: (handle: unknown) => void;

/** Calls `act` again and again, until what it returns is called. */
export type Repeat = (act: () => void, milliseconds: number) => () => void;

/** Over the platform's timers. Does not keep a process alive that has nothing else to do. */
export const hostRepeat: Repeat = (act, milliseconds) => {
  const handle = setInterval(act, milliseconds);
  // Node's handle is an object, a browser's a number.
  if (typeof handle === 'object') handle.unref();
  return () => clearInterval(handle);
};
