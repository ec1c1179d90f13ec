import { Shell } from './shell.ts';

new Shell().boot();
