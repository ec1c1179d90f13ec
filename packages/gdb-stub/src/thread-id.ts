/** Threads are vCPUs; their numbers start at 1, for 0 means any (GDB manual, "Packets", thread-id syntax). */
export const threadId = (vcpu: number): string => (vcpu + 1).toString(16);

/** Which vCPUs a thread id means; undefined when it means none of `count`. */
export const parseThreadId = (
  text: string,
  count: number,
): { readonly kind: 'all' | 'any' } | { readonly kind: 'one'; readonly vcpu: number } | undefined => {
  if (text === '-1') return { kind: 'all' };
  const number = /^[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : -1;
  if (number === 0) return { kind: 'any' };
  return number > 0 && number <= count ? { kind: 'one', vcpu: number - 1 } : undefined;
};
