import { arinc653Checks } from './arinc653.ts';
import type { Check } from './check.ts';
import { credit2Checks } from './credit2.ts';
import { eevdfChecks } from './eevdf.ts';
import { nullChecks } from './null.ts';
import { poolChecks } from './pools.ts';
import { rtdsChecks } from './rtds.ts';
import { tickChecks } from './ticks.ts';

/** Every bound there is. */
export const CHECKS: readonly Check[] = [
  ...eevdfChecks,
  ...credit2Checks,
  ...rtdsChecks,
  ...arinc653Checks,
  ...nullChecks,
  ...poolChecks,
  ...tickChecks,
];
