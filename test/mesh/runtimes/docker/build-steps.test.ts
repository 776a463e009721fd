import { describe, expect, it } from 'vitest';
import { addBuildLine, buildWork, NO_STEPS } from '../../../../mesh/runtimes/docker/build-steps.ts';

const after = (text: string) => buildWork(text.trim().split('\n').reduce(addBuildLine, NO_STEPS));

describe('the steps of a build', () => {
  it('are none before the first one is told', () => {
    expect(after('Sending build context to Docker daemon  2.048kB')).toEqual({
      kind: 'build',
      doneSteps: 0,
      totalSteps: 0,
      step: null,
    });
  });

  it('of BuildKit are those of each stage that has begun, whatever else it does', () => {
    expect(
      after(`
#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 214B done
#1 DONE 0.0s
#2 [internal] load .dockerignore
#2 CACHED
#4 [base 1/1] COPY a /a
#4 CACHED
#5 [build 1/2] COPY bin /
#5 DONE 0.1s
#6 [build 2/2] RUN ["/bin/busybox", "echo", "[9/9] DONE"]
#6 0.233 [9/9] DONE
#6 0.233 #4 [base 1/1] COPY a /a
`),
    ).toEqual({
      kind: 'build',
      doneSteps: 2,
      totalSteps: 3,
      step: 'RUN ["/bin/busybox", "echo", "[9/9] DONE"]',
    });
  });

  it('count once what is told twice, and a failed one not at all', () => {
    expect(
      after(`
#5 [1/2] COPY bin /
#5 DONE 0.1s
#6 [2/2] RUN false
#5 [1/2] COPY bin /
#5 DONE 0.1s
#6 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
`),
    ).toMatchObject({ doneSteps: 1, totalSteps: 2 });
  });

  it('of the older builder are one row', () => {
    const begun = `
Step 1/3 : FROM scratch
 --->
Step 2/3 : COPY Dockerfile /
 ---> 0213d9aa1160`;
    expect(after(begun)).toEqual({ kind: 'build', doneSteps: 1, totalSteps: 3, step: 'COPY Dockerfile /' });
    expect(after(`${begun}\nStep 3/3 : ENV A=1\nSuccessfully built 23dac49d1964`)).toMatchObject({
      doneSteps: 3,
      totalSteps: 3,
    });
  });
});
