/** Address of a module beside `importer`, which is a source as it is or compiled. */
export const beside = (importer: string, name: string): URL =>
  new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
