import { defineToken, type Token } from './token.ts';

/** An image to put into guest RAM, read by host code before assembly. */
export interface BootImage {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the firmware put where: shown by `--json` and used by debuggers. Addresses are guest-physical. */
export interface BootLayout {
  readonly entry: number;
  readonly images: readonly { readonly name: string; readonly base: number; readonly length: number }[];
  readonly deviceTree: { readonly base: number; readonly blob: Uint8Array };
}

/** Firmware of a machine: on each reset it loads the images and points the first vCPU at its entry. */
export interface Firmware {
  /** Known after the first reset. */
  readonly layout: BootLayout | undefined;
}

export const FirmwareToken: Token<Firmware> = defineToken('vivarium/firmware', 1);
