import type { ITheme } from '@xterm/xterm';

const DARK: ITheme = {
  background: '#0e1116',
  foreground: '#e6ebf2',
  cursor: '#7ee2a8',
  cursorAccent: '#0e1116',
  selectionBackground: '#34506b',
  black: '#171c24',
  red: '#ff8f8f',
  green: '#7ee2a8',
  yellow: '#f2c063',
  blue: '#82b4ff',
  magenta: '#d6a3ff',
  cyan: '#79d8e6',
  white: '#d5dce6',
  brightBlack: '#6b7888',
  brightRed: '#ffb0b0',
  brightGreen: '#a4f0c4',
  brightYellow: '#ffdc94',
  brightBlue: '#aecdff',
  brightMagenta: '#e6c8ff',
  brightCyan: '#a8ebf4',
  brightWhite: '#ffffff',
};

/** Every colour has at least 4.5 times the contrast of the ground, also those that programs call bright or white. */
const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#1b2430',
  cursor: '#0b6b3a',
  cursorAccent: '#ffffff',
  selectionBackground: '#bcd7f5',
  black: '#1b2430',
  red: '#b3261e',
  green: '#0b6b3a',
  yellow: '#7a5200',
  blue: '#1a56b0',
  magenta: '#7b2fa8',
  cyan: '#00647a',
  white: '#56616f',
  brightBlack: '#56616f',
  brightRed: '#c4322a',
  brightGreen: '#147a47',
  brightYellow: '#8a5f00',
  brightBlue: '#2a66c4',
  brightMagenta: '#8a3fb8',
  brightCyan: '#00738c',
  brightWhite: '#3b4653',
};

/** Gives the terminal's colours for what the user prefers, now and whenever that changes. */
export const followTheme = (use: (theme: ITheme) => void): void => {
  const light = matchMedia('(prefers-color-scheme: light)');
  const apply = (): void => use(light.matches ? LIGHT : DARK);
  light.addEventListener('change', apply);
  apply();
};
