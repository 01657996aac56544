// Streams of bytes, read to their end.

export const readAll = async (chunks: AsyncIterable<Uint8Array | string>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(parts);
};
