# The life of a repository, with all the files of a real tree. In a copy of that tree.
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
git config --global user.name Tester
git config --global user.email tester@example.org
git config --global init.defaultBranch main
git config --global gc.autoDetach false
git config --global protocol.file.allow always
git init -q .
git status --short | sort
git add -A
git commit -q -m 'the tree'
git rev-parse 'HEAD^{tree}'
git status --short
first=$(git ls-files | head -n 1)
echo changed >>"$first"
mkdir -p 'new dir'
echo new >'new dir/new file'
ln -s 'new file' 'new dir/link'
chmod +x 'new dir/new file'
git status --short
git diff --stat
git stash -q -u
git status --short
git stash pop -q
git add -A
git commit -q -m 'a change'
git checkout -q -b side HEAD~1
git mv "$first" moved
git commit -q -m 'a move'
git merge -q -m 'both' main
git log --format='%T %s' --graph
git gc -q --prune=now
git fsck --full --strict
git clone -q . ../clone.git --bare
git clone -q --no-local ../clone.git ../clone
git -C ../clone checkout -q main
git -C ../clone log --format='%T %s'
echo pushed >../clone/pushed
git -C ../clone add pushed
git -C ../clone commit -q -m pushed
git -C ../clone push -q
git fetch -q ../clone.git main
git log -1 --format='%T %s' FETCH_HEAD
git worktree add -q ../worktree HEAD~1
git -C ../worktree rev-parse 'HEAD^{tree}'
git worktree remove ../worktree
git rev-list --objects --all | wc -l
git archive HEAD | tar -t | LC_ALL=C sort | cksum
git grep -c 'return' -- '*.c' | LC_ALL=C sort | head -n 5
git clean -fdxq
git status --short
rm -rf ../clone ../clone.git
