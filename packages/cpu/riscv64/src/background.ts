/**
 * What is imported on the thread that translates beside the vCPUs: see `BackgroundModule` of the contracts.
 *
 * @module
 */
import type { BackgroundModule } from '@vivarium/contracts';
import { createDecoder } from '@vivarium/isa-riscv';
import { translate } from './translate/translation.ts';
import type { PostedRequests, PostedTranslations } from './translate/translation-desk.ts';

export const openBackground: BackgroundModule['openBackground'] = (answer) => {
  const decoder = createDecoder();
  return (message) => {
    const { around, requests } = message as PostedRequests;
    const began = performance.now();
    const translations = translate(requests, around, decoder);
    answer({ ...translations, milliseconds: performance.now() - began } satisfies PostedTranslations);
  };
};
