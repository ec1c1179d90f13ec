import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian's packages put a browser that needs no display. */
const CANDIDATES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** Starts Chromium, or says how to get it. */
export const launchChromium = (): Promise<Browser> => {
  const executablePath = CANDIDATES.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(`this test needs Chromium at ${CANDIDATES.join(' or ')}: apt-get install chromium-headless-shell`);
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
};
