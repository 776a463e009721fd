import { describe, expect, it } from 'vitest';
import { formatValue, unknownCommand, type CommandFacts } from '../../../policy/routes/header-commands.ts';

const facts: CommandFacts = {
  request: [
    [':path', '/a?b'],
    ['x-user', 'alice'],
    ['x-user', 'bob'],
    ['x-empty', ''],
  ],
  response: [['server', 'up']],
  protocol: 'HTTP/1.1',
  remoteAddress: '10.0.0.1',
  remotePort: 4_000,
  localAddress: '10.0.0.2',
  localPort: 80,
  routeName: 'r',
};

describe('a command', () => {
  it.each([
    ['plain', 'plain'],
    ['100%%', '100%'],
    ['%%REQ(x-user)%%', '%REQ(x-user)%'],
    ['%REQ(x-user)%', 'alice'],
    ['<%REQ(X-User)%>', '<alice>'],
    ['%REQ( x-user )%', 'alice'],
    ['%REQ(:path)%', '/a?b'],
    ['%REQ(x-nope)%', ''],
    ['a%REQ(x-nope)%b', 'ab'],
    ['%REQ(x-nope?x-user)%', 'alice'],
    ['%REQ(x-user?:path)%', 'alice'],
    ['%REQ(x-empty?x-user)%', ''],
    ['%REQ(x-user):3%', 'ali'],
    ['%REQ(x-user):9%', 'alice'],
    ['%REQ(x-user):0%', ''],
    ['%REQ(x-user):12%', 'alice'],
    ['%REQ(server)%', ''],
    ['%RESP(server)%', 'up'],
    ['%RESP(x-user)%', ''],
    ['%PROTOCOL%', 'HTTP/1.1'],
    ['%PROTOCOL:4%', 'HTTP'],
    ['%DOWNSTREAM_REMOTE_ADDRESS%', '10.0.0.1:4000'],
    ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '10.0.0.1'],
    ['%DOWNSTREAM_REMOTE_PORT%', '4000'],
    ['%DOWNSTREAM_LOCAL_ADDRESS%', '10.0.0.2:80'],
    ['%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%', '10.0.0.2'],
    ['%DOWNSTREAM_LOCAL_PORT%', '80'],
    ['%ROUTE_NAME%', 'r'],
    ['%ROUTE_NAME%-%PROTOCOL%', 'r-HTTP/1.1'],
  ])('%s is %j, and known', (value, wanted) => {
    expect(formatValue(value, facts)).toBe(wanted);
    expect(unknownCommand(value)).toBeNull();
  });

  it.each([
    ['%UPSTREAM_HOST%', '%UPSTREAM_HOST%'],
    ['a %REQ(x)% %NOPE(y)%', '%NOPE(y)%'],
    ['100%', '%'],
    ['%', '%'],
    ['%%%', '%'],
    ['%req(x)%', '%'],
    ['%REQ(x)', '%'],
    ['%REQ(x):a%', '%'],
    ['50% of %PROTOCOL%', '%'],
  ])('%s is not: %s', (value, told) => {
    expect(unknownCommand(value)).toBe(told);
  });

  it('that isn’t known is empty', () => {
    expect(formatValue('a%NOPE%b', facts)).toBe('ab');
  });
});
