/**
 * The images that the manifests in the tests name, rebuilt from Debian packages: what a test relies on behaves as in the
 * published ones (paths, default command, stop signal, where the logs go), and nothing else is promised.
 */
export interface Recipe {
  /** Each becomes an image. */
  readonly names: readonly string[]
  /** Debian packages; the shared libraries they need are added. */
  readonly packages: readonly string[]
  /** What the packages have brought, to be moved before `files` are written. */
  readonly moves?: Readonly<Record<string, string>>
  /** By absolute path; a text that starts with `-> ` makes a symbolic link, one that starts with `#!` may be executed. */
  readonly files: Readonly<Record<string, string>>
  readonly directories: Readonly<Record<string, number>>
  /**
   * Applets of busybox under another name of the same length. Debian's shell prefers its own applets to programs in PATH,
   * so that a file of the old name is reached only when no applet has it.
   */
  readonly renamedApplets?: Readonly<Record<string, string>>
  readonly config: Readonly<Record<string, unknown>>
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const USERS = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  '/etc/group': 'root:x:0:\nnginx:x:101:\nnobody:x:65534:\n',
}

/**
 * nslookup as busybox had it up to 1.28, which the manifests were written for: it asks as the C library does, along the search
 * list of /etc/resolv.conf, and is content with the first answer. Debian's 1.35 asks below every domain of the list, and fails
 * if one of them does not have the name, even though another one does: `until nslookup myservice` would never end.
 */
const NSLOOKUP = `#!/bin/sh
case \${1:-} in
  ''|-*) exec busybox nslookuq "$@" ;;
  *[!0-9.]*) ;;
  *) exec busybox nslookuq "$@" ;;
esac

name=$1
server=\${2:-} search= ndots=1
while read -r keyword rest; do
  case $keyword in
    nameserver) server=\${server:-$rest} ;;
    search) search=$rest ;;
    options) for option in $rest; do case $option in ndots:*) ndots=\${option#ndots:} ;; esac; done ;;
  esac
done </etc/resolv.conf

dots=$(printf %s "$name" | tr -cd .)
candidates=
for domain in $search; do candidates="$candidates $name.$domain"; done
case $name in
  *.) candidates=$name ;;
  *) if [ \${#dots} -lt "$ndots" ]; then candidates="$candidates $name"; else candidates="$name $candidates"; fi ;;
esac

printf 'Server:    %s\\nAddress 1: %s\\n\\n' "$server" "$server"
for candidate in $candidates; do
  addresses=$(busybox nslookuq -type=a "\${candidate%.}." "$server" 2>/dev/null | sed -n '/^Name:/,$s/^Address: *//p')
  [ -n "$addresses" ] || continue
  printf 'Name:      %s\\n' "$name"
  i=1
  for address in $addresses; do
    printf 'Address %s: %s %s\\n' "$i" "$address" "\${candidate%.}"
    i=$((i + 1))
  done
  exit 0
done
echo "nslookup: can't resolve '$name'" >&2
exit 1
`

const BUSYBOX: Recipe = {
  names: ['busybox:latest', 'busybox:1.28'],
  packages: ['busybox-static'],
  renamedApplets: { nslookup: 'nslookuq' },
  files: { ...USERS, '/usr/bin/nslookup': NSLOOKUP },
  directories: { '/tmp': 0o1777, '/root': 0o700, '/home': 0o755, '/var/log': 0o755 },
  config: { Env: [PATH], Cmd: ['sh'] },
}

/** Runs as somebody else than root: by name, who has a group in the image that no Pod names, and by numbers. */
const withUser = (name: string, user: string): Recipe => ({
  ...BUSYBOX,
  names: [name],
  files: { ...BUSYBOX.files, '/etc/group': `${USERS['/etc/group']}of-the-image:x:50000:nobody\n` },
  config: { ...BUSYBOX.config, User: user },
})

const DEFAULT_SITE = `server {
  listen 80;
  location / {
    root /usr/share/nginx/html;
    index index.html;
  }
  location = /hostname.html {
    default_type text/html;
    return 200 "$hostname\\n";
  }
}
`

const NGINX_CONF = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /var/run/nginx.pid;
events {
  worker_connections 1024;
}
http {
  types {
    text/html html;
    text/css css;
    application/javascript js;
    application/json json;
  }
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`

/** Up to 1.19 nginx's image left the stop signal at TERM, which drops requests; since then it is QUIT, which does not. */
function nginx(names: readonly string[], stopSignal: 'SIGTERM' | 'SIGQUIT', page: string): Recipe {
  return {
    names,
    packages: ['nginx', 'busybox-static'],
    files: {
      ...USERS,
      '/etc/nginx/nginx.conf': NGINX_CONF,
      '/etc/nginx/conf.d/default.conf': DEFAULT_SITE,
      '/usr/share/nginx/html/index.html': page,
      '/var/log/nginx/access.log': '-> /dev/stdout',
      '/var/log/nginx/error.log': '-> /dev/stderr',
    },
    directories: { '/tmp': 0o1777, '/root': 0o700, '/var/run': 0o755, '/var/lib/nginx': 0o755, '/var/cache/nginx': 0o755 },
    config: { Env: [PATH], Cmd: ['nginx', '-g', 'daemon off;'], ExposedPorts: { '80/tcp': {} }, StopSignal: stopSignal },
  }
}

const WELCOME = '<!DOCTYPE html>\n<html>\n<head><title>Welcome to nginx!</title></head>\n<body><h1>Welcome to nginx!</h1></body>\n</html>\n'
const myapp = (version: string) => `Hello MyApp | Version: ${version} | <a href="hostname.html">Pod Name</a>\n`

/** The manifests give `-m 1` as one argument, which the published image's version takes and Debian's newer one refuses. */
const STRESS_NG = `#!/bin/sh
for argument; do
  shift
  set -- "$@" $argument
done
exec /usr/lib/stress-ng/stress-ng "$@"
`

/** Says how it was called; its entrypoint and its command can be told apart. */
const SAYS_HOW = '#!/bin/sh\necho "$0" "$@"\n'

export const RECIPES: readonly Recipe[] = [
  BUSYBOX,
  withUser('user-by-name:latest', 'nobody'),
  withUser('user-by-number:latest', '1000:3000'),
  {
    names: ['entrypoint-tester:1'],
    packages: ['busybox-static'],
    files: { ...USERS, '/ep': SAYS_HOW, '/ep-2': SAYS_HOW },
    directories: { '/tmp': 0o1777, '/root': 0o700 },
    config: { Env: [PATH], Entrypoint: ['/ep'], Cmd: ['default', 'arguments'] },
  },
  nginx(['nginx:latest'], 'SIGQUIT', WELCOME),
  nginx(['nginx:1.12-alpine'], 'SIGTERM', WELCOME),
  nginx(['ikubernetes/myapp:v1', 'myapp:v1'], 'SIGTERM', myapp('v1')),
  nginx(['ikubernetes/myapp:v2', 'myapp:v2'], 'SIGTERM', myapp('v2')),
  {
    names: ['ikubernetes/stress-ng:latest'],
    packages: ['stress-ng', 'busybox-static'],
    moves: { '/usr/bin/stress-ng': '/usr/lib/stress-ng/stress-ng' },
    files: { ...USERS, '/usr/bin/stress-ng': STRESS_NG },
    directories: { '/tmp': 0o1777, '/root': 0o700 },
    config: { Env: [PATH], Cmd: ['/usr/bin/stress-ng', '--help'] },
  },
]
