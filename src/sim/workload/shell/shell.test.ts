import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFabric } from '../../network.ts'
import { createMemoryDisk } from '../../disk.ts'
import { createWorld } from '../../world.ts'
import { createContainerFiles } from '../files.ts'
import { createGuest } from '../guest.ts'
import { imageModel } from '../images.ts'
import { createCollector, inputOf } from '../pipe.ts'

/** Runs a script as PID 1 of a busybox container. */
async function run(script: string, { env = {}, stdin = '' }: { env?: Record<string, string>; stdin?: string } = {}) {
  const world = createWorld({ seed: 1 })
  const {
    machine: { clock, random },
  } = world.host('node-a')
  const root = createMemoryDisk({ clock, random })
  await root.makeDirectory('/tmp')
  const [stdout, stderr] = [createCollector(), createCollector()]
  const { programs } = imageModel('busybox')
  const guest = createGuest({
    clock,
    random,
    hostname: 'web',
    address: '10.244.0.2',
    user: { uid: 0, gid: 0 },
    files: createContainerFiles(root, false, root, []),
    network: createFabric({ clock, random }).attach({ clock, random }),
    nameServer: '10.96.0.10',
    programs,
    lookup: async () => [],
    listen: () => undefined,
    memoryLimitBytes: () => 0,
    cpuChanges() {},
    ended() {},
  })
  const process = guest.spawn(programs.get('sh')!, {
    args: ['sh', '-c', script],
    env: new Map(Object.entries(env)),
    cwd: '/',
    stdin: inputOf(stdin),
    stdout,
    stderr,
  })
  const code = await world.finish(process.exited, 100_000_000)
  return { out: stdout.text(), err: stderr.text(), code, ms: world.now() }
}

const CASES: readonly (readonly [title: string, script: string, out: string, code?: number])[] = [
  ['a list', 'echo a; echo b', 'a\nb\n'],
  ['&& and ||', 'true && echo yes || echo no; false && echo yes || echo no', 'yes\nno\n'],
  ['the exit code of the last command', 'true; false', '', 1],
  ['exit', 'echo a; exit 7; echo b', 'a\n', 7],
  ['!', '! false && echo ok', 'ok\n'],
  ['quotes', `echo 'single $X' "double $X" back\\ slash`, 'single $X double 1 back slash\n'],
  ['splitting', 'set -- $LIST; echo $#; set -- "$LIST"; echo $#', '3\n1\n'],
  ['defaults', 'echo ${NONE:-none} ${X:-none} ${NONE-} ${X:+set} ${#LIST}', 'none 1 set 5\n'],
  ['prefix and suffix', 'f=/a/b.tar.gz; echo ${f##*/} ${f%.*} ${f%%.*}', 'b.tar.gz /a/b.tar /a/b\n'],
  ['command substitution', 'echo "<$(echo a; echo b)>" `echo c`', '<a\nb> c\n'],
  ['nested substitution', 'echo $(echo $(echo deep))', 'deep\n'],
  ['arithmetic', 'i=2; i=$((i * 3 + 1)); echo $i $((i > 3 && i < 9)) $((7 / 2)) $((-i))', '7 1 3 -7\n'],
  ['while', 'i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done', '0\n1\n2\n'],
  ['until', 'until test -e /tmp/x; do touch /tmp/x; echo made; done', 'made\n'],
  ['for, break and continue', 'for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done', '1\n3\n'],
  ['break out of two loops', 'for i in 1 2; do for j in 1 2; do echo $i$j; break 2; done; done; echo end', '11\nend\n'],
  ['if, elif, else', 'if false; then echo a; elif [ 1 -eq 1 ]; then echo b; else echo c; fi', 'b\n'],
  ['case', 'case $LIST in x*) echo x;; a*|b*) echo ab;; esac', 'ab\n'],
  ['lines', 'if true\nthen\n  echo a # a remark\n  echo b\nfi\n', 'a\nb\n'],
  ['a function', 'greet() { echo hello $1; return 4; }; greet you; echo $?', 'hello you\n4\n'],
  ['a subshell', 'x=1; (x=2; echo $x); echo $x', '2\n1\n'],
  ['a group', '{ echo a; echo b; } > /tmp/f; cat /tmp/f', 'a\nb\n'],
  ['redirections', 'echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f; cat /none 2>/dev/null || echo none', 'a\nb\nnone\n'],
  ['errors into output', 'cat /none 2>&1', "cat: can't open '/none': No such file or directory\n", 1],
  ['a here-document', 'cat <<EOF\nx is $X\nEOF\necho end', 'x is 1\nend\n'],
  ['a pipe', 'echo one two | cat | wc -c; seq 3 | grep -v 2', '8\n1\n3\n'],
  ['read', 'read a b; echo "$b $a"', 'world big hello\n'],
  ['a while loop over input', 'echo "a\nb" | while read l; do echo "<$l>"; done', '<a>\n<b>\n'],
  ['set -e', 'set -e; false || echo saved; false; echo never', 'saved\n', 1],
  ['trap EXIT', "trap 'echo bye' EXIT; echo hi; exit 3", 'hi\nbye\n', 3],
  ['exec', 'exec echo replaced; echo never', 'replaced\n'],
  ['env for one command', 'Y=2 env | grep ^Y; echo "<$Y>"', 'Y=2\n<>\n'],
  ['file tests', 'touch /tmp/f; [ -f /tmp/f ] && [ ! -d /tmp/f ] && [ -d /tmp ] && ! test -s /tmp/f && echo ok', 'ok\n'],
  ['patterns of files', 'touch /tmp/a.log /tmp/b.log /tmp/c; echo /tmp/*.log; rm -rf /tmp/*; ls /tmp', '/tmp/a.log /tmp/b.log\n'],
  ['echo -n and -e, printf', "echo -n a; echo -e 'b\\tc'; printf '%s-%d\\n' x 1 y 2", 'ab\tc\nx-1\ny-2\n'],
  ['a job and wait', 'sleep 2 & p=$!; wait $p; echo $?', '0\n'],
  ['a script in a file', "printf 'echo from $1\\nexit 5\\n' > /tmp/s; sh /tmp/s me; echo $?; chmod +x /tmp/s; /tmp/s you", 'from me\n5\nfrom you\n', 5],
  ['timeout', 'timeout 1 sleep 5; echo $?', '143\n'],
]

for (const [title, script, out, code = 0] of CASES) {
  test(`sh: ${title}`, async () => {
    const ran = await run(script, { env: { X: '1', LIST: 'a b c' }, stdin: 'hello world big\n' })
    assert.deepEqual({ out: ran.out, code: ran.code }, { out, code }, ran.err)
  })
}

test('sh: what cannot be parsed or found is said as ash says it', async () => {
  assert.deepEqual([(await run('echo "open')).err, (await run('echo "open')).code], ['sh: syntax error: unterminated quoted string\n', 2])
  assert.match((await run('if true; echo x')).err, /^sh: syntax error: unexpected "end of file" \(expecting "then"\)/)
  assert.deepEqual([(await run('no-such')).err, (await run('no-such')).code], ['sh: no-such: not found\n', 127])
  assert.equal((await run('/pre-stop.sh')).err, 'sh: /pre-stop.sh: not found\n')
  assert.equal((await run('echo x > /none/y')).err, "sh: can't create /none/y: nonexistent directory\n")
})

test('sh: sleeping takes its time, and a job runs beside', async () => {
  const { ms } = await run('sleep 10 & sleep 3; wait')
  assert.ok(ms >= 10_000 && ms < 10_010, `${ms}`)
  assert.ok((await run('sleep 1m; sleep 0.5')).ms >= 60_500)
})

test('sh: kill reaches children, and PID 1 only where it listens', async () => {
  assert.equal((await run('sleep 100 & kill $!; wait $!; echo $?')).out, '143\n')
  assert.equal((await run('kill -9 1; kill 1; echo alive')).out, 'alive\n')
  assert.equal((await run("trap 'echo heard' USR1; kill -USR1 1; echo end")).out, 'heard\nend\n')
})
