// The switch in a machine that turns it off where no controller has been heard for too long: a machine that is merely shut down
// from inside still costs money, so it deallocates itself with the identity that it was given.
import { ON_VM } from './on-vm.ts';

export interface DeadMansSwitch {
  readonly idleSeconds: number;
  readonly maxSeconds: number;
  /** What it may do to itself; undefined without an identity: then it can do nothing, and a schedule of Azure's has to. */
  readonly self:
    | {
        readonly resourceID: string;
        readonly identityID: string;
        /** Such a machine can not be deallocated, and keeps nothing either: it is deleted. */
        readonly ephemeral: boolean;
      }
    | undefined;
}

const IMDS = 'http://169.254.169.254';
const ARM = 'https://management.azure.com';
const API_VERSION = '2024-07-01';

export const deadMansSwitchConfig = ({ idleSeconds, maxSeconds, self }: DeadMansSwitch): string => {
  const files = { heartbeat: ON_VM.heartbeat, runs: ON_VM.runs };
  if (!self) return json({ idleSeconds, maxSeconds, ...files });
  const identity = `&resource=${encodeURIComponent(`${ARM}/`)}&msi_res_id=${encodeURIComponent(self.identityID)}`;
  return json({
    idleSeconds,
    maxSeconds,
    ...files,
    tokenURL: `${IMDS}/metadata/identity/oauth2/token?api-version=2018-02-01${identity}`,
    method: self.ephemeral ? 'DELETE' : 'POST',
    url: `${ARM}${self.resourceID}${self.ephemeral ? '' : '/deallocate'}?api-version=${API_VERSION}`,
  });
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/** Usage: dead-mans-switch CONFIG. Says on stdout what it finds. */
export const deadMansSwitchScript = (): string => `#!/usr/bin/python3
"""Deallocates this machine where no controller has been heard for too long: at once if no session runs, later if one does."""
import fcntl
import glob
import json
import os
import sys
import time
import urllib.request

with open(sys.argv[1], encoding='utf-8') as file:
    config = json.load(file)


def silent_seconds():
    """Never longer than the machine has been up: there may not have been a first heartbeat yet, and clocks jump."""
    with open('/proc/uptime', encoding='ascii') as uptime:
        up = float(uptime.read().split()[0])
    try:
        age = time.time() - os.stat(config['heartbeat']).st_mtime
    except FileNotFoundError:
        age = up
    return max(0.0, min(age, up))


def busy():
    """A run's lock is held for as long as its supervisor lives."""
    for path in glob.glob(config['runs'] + '/*/lock'):
        try:
            with open(path, 'rb') as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            continue
    return False


def ask(url, method, headers):
    request = urllib.request.Request(url, data=b'' if method == 'POST' else None, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read()


silent = silent_seconds()
if silent < config['idleSeconds']:
    print('a controller was heard %d s ago' % silent)
elif silent < config['maxSeconds'] and busy():
    print('no controller for %d s; a session still runs' % silent)
elif 'url' not in config:
    print('no controller for %d s; without an identity this machine can not deallocate itself' % silent)
else:
    print('no controller for %d s: this machine deallocates itself' % silent, flush=True)
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    token = json.loads(ask(config['tokenURL'], 'GET', {'Metadata': 'true'}))['access_token']
    ask(config['url'], config['method'], {'Authorization': 'Bearer ' + token, 'Content-Length': '0'})
`;

export const deadMansSwitchService = (): string => `[Unit]
Description=Berth: deallocate this machine where no controller is heard

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 ${ON_VM.deadMansSwitch} ${ON_VM.deadMansSwitchConfig}
`;

export const deadMansSwitchTimer = (): string => `[Unit]
Description=Berth: look for a controller every minute

[Timer]
OnBootSec=60
OnUnitActiveSec=60
AccuracySec=5

[Install]
WantedBy=timers.target
`;
