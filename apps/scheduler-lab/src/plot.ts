export type Point = readonly [x: number, y: number];

/** A line through points. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Plot {
  readonly title: string;
  readonly curves: readonly Curve[];
}

const [WIDTH, HEIGHT, MARGIN] = [380, 180, 34];
const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#888888'];

const colour = (index: number): string => COLOURS[index % COLOURS.length];

const plotted = ({ title, curves }: Plot, left: number, top: number): string => {
  const all = curves.flatMap(({ points }) => points);
  const [xs, ys] = [all.map(([x]) => x), [0, ...all.map(([, y]) => y)]];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const place = ([x, y]: Point): string => {
    const right = left + MARGIN + ((x - x0) / (x1 - x0 || 1)) * (WIDTH - 2 * MARGIN);
    const down = top + HEIGHT - MARGIN / 2 - ((y - y0) / (y1 - y0 || 1)) * (HEIGHT - 2 * MARGIN);
    return `${right.toFixed(1)},${down.toFixed(1)}`;
  };
  const lines = curves.map(
    ({ points }, index) => `<polyline fill="none" stroke="${colour(index)}" points="${points.map(place).join(' ')}"/>`,
  );
  const label = (value: number, y: number) =>
    `<text x="${left + 2}" y="${y}">${value.toFixed(Math.abs(value) < 10 ? 1 : 0)}</text>`;
  return [
    `<text x="${left + MARGIN}" y="${top + 14}">${title}</text>`,
    ...lines,
    label(y1, top + MARGIN + MARGIN / 2),
    label(y0, top + HEIGHT - MARGIN / 2),
  ].join('\n');
};

/** Rows of plots whose curves have the same names, with a legend. */
export const svg = (rows: readonly (readonly Plot[])[]): string => {
  const names = rows[0]?.[0]?.curves.map(({ name }) => name) ?? [];
  const legend = names.map(
    (name, index) => `<text x="${MARGIN + index * 110}" y="18" fill="${colour(index)}">${name}</text>`,
  );
  const plots = rows.flatMap((row, down) => row.map((plot, right) => plotted(plot, right * WIDTH, 24 + down * HEIGHT)));
  const size = `width="${WIDTH * 3}" height="${24 + HEIGHT * rows.length}"`;
  const style = `font-family="sans-serif" font-size="12"`;
  const paper = `<rect width="100%" height="100%" fill="white"/>`;
  return [`<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>`, paper, ...legend, ...plots, '</svg>', ''].join(
    '\n',
  );
};
