// The OperatorError that a promise ends in.
import { OperatorError } from '../../controller/api/error.ts';

export const rejection = async (promise: Promise<unknown>): Promise<OperatorError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OperatorError) return error;
  throw new Error('no OperatorError', { cause: error });
};
