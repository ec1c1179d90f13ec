import type { ConformanceCase, SubjectFactory } from './conformance.ts';
import { attributeCases } from './fs-backend/attribute-cases.ts';
import { Bench, type FsBackendCase } from './fs-backend/bench.ts';
import { directoryCases } from './fs-backend/directory-cases.ts';
import { fileCases } from './fs-backend/file-cases.ts';
import { hostileCases } from './fs-backend/hostile-cases.ts';
import { nameCases } from './fs-backend/name-cases.ts';
import type { FsBackendSubject } from './fs-backend/subject.ts';

const CASES: readonly FsBackendCase[] = [
  ...nameCases,
  ...fileCases,
  ...directoryCases,
  ...attributeCases,
  ...hostileCases,
];

/** What every file system backend must do. */
export const fsBackendSuite = (make: SubjectFactory<FsBackendSubject>): readonly ConformanceCase[] =>
  CASES.map(({ id, title, run }) => ({
    id: `fs-backend/${id}`,
    title,
    run: async () => {
      const subject = await make();
      try {
        run(new Bench(subject.backend), subject);
      } finally {
        await subject.dispose?.();
      }
    },
  }));
