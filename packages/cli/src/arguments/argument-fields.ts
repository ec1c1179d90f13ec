/** The fields that an argument of several parts may have. */
export interface ArgumentFields {
  /** Fields that are there or not, such as `ro`. */
  readonly flags?: readonly string[];
  /** Fields with a value, such as `serial=TEXT`; those that may come more than once have a list. */
  readonly values?: readonly string[];
}

/** An argument taken apart. */
export interface ArgumentParts {
  /** What is before the first field. */
  readonly head: string;
  has(flag: string): boolean;
  /** The last value of a field; undefined when it is not there. */
  value(field: string): string | undefined;
  all(field: string): readonly string[];
}

/** Splits `HEAD[,flag][,field=VALUE]…`. A comma that no field follows belongs to what is before it. */
export const splitArgument = (text: string, { flags = [], values = [] }: ArgumentFields): ArgumentParts => {
  const fields = [...flags.map((flag) => `${flag}(?:,|$)`), ...values.map((value) => `${value}=`)];
  const [head = '', ...parts] = text.split(new RegExp(`,(?=${fields.join('|')})`));
  const all = (field: string): readonly string[] =>
    parts.filter((part) => part.startsWith(`${field}=`)).map((part) => part.slice(field.length + 1));
  return { head, has: (flag) => parts.includes(flag), value: (field) => all(field).at(-1), all };
};
