import { inlineCells, RemoteCell } from '@vivarium/host';
import { cellSuite } from './cell-suite.ts';

cellSuite('a cell on the same thread', async (recipe, { limits = {}, ...options } = {}) =>
  RemoteCell.create(await inlineCells().launch({ name: 'test', limits }), recipe, options),
);
