/** The code of the error that `action` throws, or what it returns. */
export const outcome = <Result>(action: () => Result): Result | string => {
  try {
    return action();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) {
      throw error;
    }
    return code;
  }
};
