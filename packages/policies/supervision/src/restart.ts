import type { EndFacts, RestartDecision, RestartWish } from '@vivarium/contracts';

/** What the decision goes by; the defaults are with the options. */
export interface RestartSettings {
  readonly restart: RestartWish;
  readonly first: number;
  readonly factor: number;
  readonly longest: number;
  readonly most: number;
  readonly window: number;
}

/** A guest that powered off has done what it was there for. */
const failed = ({ end }: EndFacts): boolean => end === 'failure' || end === 'fault' || end === 'crashed';

/** A run of its own accord is over: what now. */
export const decide = (facts: EndFacts, settings: RestartSettings): RestartDecision => {
  const { wish = settings.restart, restarts } = facts;
  if (wish === 'never' || (wish === 'on-failure' && !failed(facts))) return { kind: 'leave' };
  const recent = restarts.filter((ago) => ago < settings.window).length;
  if (recent >= settings.most) {
    const seconds = Math.round(settings.window / 1000);
    return { kind: 'give-up', reason: `${recent} restarts within ${seconds} s did not help` };
  }
  return { kind: 'restart', after: Math.min(settings.first * settings.factor ** recent, settings.longest) };
};
