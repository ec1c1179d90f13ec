import { LanPage } from './lan-page.ts';

new LanPage().boot();
