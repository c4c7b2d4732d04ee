import { useLocation } from 'wouter';
import type { User } from '../../shared/session.ts';
import { useService, useShop } from '../../shared/shop.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Privacy } from '../account/privacy.tsx';
import { SecondFactor } from '../account/second-factor.tsx';

export function AccountPage({ user }: { readonly user: User }) {
  const { session } = useShop();
  const [, navigate] = useLocation();
  const hasPrivacy = useService('privacy');
  return (
    <Page title="Account" narrow>
      <dl className="facts">
        <dt>User name</dt>
        <dd>
          <bdi>{user.userName}</bdi>
        </dd>
        <dt>E-mail</dt>
        <dd>
          <bdi>{user.email}</bdi>
        </dd>
      </dl>
      <div className="actions">
        {user.isStaff && (
          <a className="button button-plain" href="/back-office">
            Back office
          </a>
        )}
        <Button
          kind="plain"
          onClick={() => {
            navigate('/');
            void session.signOut();
          }}
        >
          Sign out
        </Button>
      </div>
      <SecondFactor user={user} />
      {hasPrivacy && <Privacy user={user} onErased={() => navigate('/erased')} />}
    </Page>
  );
}
