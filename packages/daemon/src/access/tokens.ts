import { createHash, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Role, ROLES } from '@vivarium/control';
import * as z from 'zod';
import { errors } from '../errors.ts';

const LARGEST_FILE = 1 << 20;
const MOST_TOKENS = 1000;
const SHORTEST_TOKEN = 32;

const schema = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(128),
        role: z.enum(ROLES),
        token: z
          .string()
          .regex(/^[\x21-\x7e]+$/, 'it has characters that headers cannot carry')
          .min(SHORTEST_TOKEN)
          .max(512),
      }),
    )
    .max(MOST_TOKENS),
});

/** Who has a token. */
export interface TokenHolder {
  readonly name: string;
  readonly role: Role;
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Tokens and who has them; the tokens themselves are not kept. */
export class Tokens {
  readonly #holders: readonly (readonly [digest: Buffer, holder: TokenHolder])[];

  constructor(tokens: readonly (TokenHolder & { readonly token: string })[]) {
    this.#holders = tokens.map(({ token, name, role }) => [digest(token), { name, role }]);
  }

  /** Takes as long whether somebody has the token or not. */
  holderOf(token: string): TokenHolder | undefined {
    const asked = digest(token);
    let found: TokenHolder | undefined;
    for (const [kept, holder] of this.#holders) if (timingSafeEqual(asked, kept)) found = holder;
    return found;
  }
}

/** Reads a file of tokens, which nobody but this user may look into. Throws `VIV_DAEMON_TOKENS`. */
export const readTokens = async (path: string): Promise<Tokens> => {
  const refuse = (why: string, cause?: unknown): Error =>
    errors.make('VIV_DAEMON_TOKENS', `${path}: ${why}`, { cause });
  let text: string;
  try {
    await using file = await open(path, 'r');
    const { mode, uid, size } = await file.stat();
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0) throw refuse('others than this user may read or write it');
    if (size > LARGEST_FILE) throw refuse(`it has ${size} bytes`);
    text = await file.readFile('utf8');
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'VIV_DAEMON_TOKENS'
      ? error
      : refuse(error instanceof Error ? error.message : String(error), error);
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    // The parser's own message shows a piece of the file.
    throw refuse('it is no JSON', error);
  }
  const { data, error } = schema.safeParse(given);
  if (data === undefined) {
    const [issue] = error.issues;
    throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const { tokens } = data;
  for (const field of ['name', 'token'] as const) {
    if (new Set(tokens.map((each) => each[field])).size < tokens.length) throw refuse(`two have the same ${field}`);
  }
  return new Tokens(tokens);
};
