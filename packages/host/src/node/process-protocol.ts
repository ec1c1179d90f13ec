/** What a process cell and its host agree on, besides messages. Names are of files in the cell's working folder. */
export const SOCKET = 'cell.sock';
export const LAST_WORD = 'last-word.json';
/** Exit code after an exception that nobody caught, whose message follows the mark on standard error. */
export const EXCEPTION_CODE = 70;
export const EXCEPTION_MARK = 'vivarium cell: uncaught: ';
/** Milliseconds in which the first host must come. */
export const FIRST_HOST = 60_000;
/** Milliseconds in which the host before must have gone, for the next one not to be refused. */
export const PATIENCE = 2000;
