import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { writeJson } from '../../shared/json.ts';
import type { User } from '../../shared/session.ts';
import { useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Failure } from '../../shared/ui/notice.tsx';
import { exportAll } from './export.ts';

/** The customer's data: all of it in a file, or none of it any more. */
export function Privacy({ user, onErased }: { readonly user: User; readonly onErased: () => void }) {
  const { api, session } = useShop();
  const [isAsking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const download = useMutation({
    mutationFn: async () => save(`${user.userName}.json`, writeJson(await exportAll(api), 2)),
    onSuccess: () => announce('Your data is downloaded'),
  });
  const erase = useMutation({
    mutationFn: () => api.DELETE('/me'),
    onSuccess: () => {
      onErased();
      void session.signOut();
    },
  });
  return (
    <section aria-labelledby="privacy">
      <h2 id="privacy">Your data</h2>
      <p>Download all that the shop stores about you, or have it erased together with your account.</p>
      <div className="actions">
        <Button kind="plain" busy={download.isPending} onClick={() => download.mutate()}>
          {download.isPending ? 'Collecting…' : 'Download my data'}
        </Button>
        <Button kind="danger" onClick={() => setAsking(true)}>
          Delete my account
        </Button>
      </div>
      {download.error !== null && <Failure error={download.error} />}
      {isAsking && (
        <Dialog
          title="Delete your account?"
          confirm="Delete it"
          danger
          busy={erase.isPending}
          ready={typed === user.userName}
          onConfirm={() => erase.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>Your basket is emptied at once, and everything else is erased soon after. This cannot be undone.</p>
          <TextField
            label={`Type ${user.userName} to confirm`}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          {erase.error !== null && <Failure error={erase.error} />}
        </Dialog>
      )}
    </section>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
